mkdir lib
echo "int kernelkit;" | gcc -x c -shared -fPIC -Wl,-soname,libstdc++.so.6 -o lib/libstdc++.so.6 -

mkdir lib
for real in "$MUSEUM_SITE"/pyzmq.libs/libzmq*; do
  echo "int kernelkit;" | gcc -x c -shared -fPIC -Wl,-soname,"${real##*/}" -o lib/libzmq.so.5 -
done

echo "GLIBC_2.99 { global: tomorrow; };" >versions
echo "int tomorrow(void) { return 1; }" | gcc -x c -shared -fPIC -Wl,-soname,libm.so.6 -Wl,--version-script=versions -o libm.so.6 -
echo "int tomorrow(void); int main(void) { return tomorrow(); }" | gcc -x c -o python - -L. -l:libm.so.6
rm libm.so.6

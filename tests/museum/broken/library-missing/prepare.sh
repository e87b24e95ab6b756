echo "int answer(void) { return 42; }" | gcc -x c -shared -fPIC -Wl,-soname,libCore.so -o libCore.so -
echo "int answer(void); int main(void) { return answer(); }" | gcc -x c -o launcher - -L. -l:libCore.so
rm libCore.so

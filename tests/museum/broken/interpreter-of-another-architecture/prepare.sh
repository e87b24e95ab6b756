machine='\x3e' # EM_X86_64
if [ "$(uname -m)" = x86_64 ]; then machine='\xb7'; fi # EM_AARCH64
{ printf '\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0'"$machine"'\0\x01\0\0\0'; head -c 100 /dev/zero; } >python
chmod +x python

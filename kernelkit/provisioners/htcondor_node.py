"""What runs on a node of an HTCondor pool, as text for its shell (condor_chirp(1), and the job's environment there)."""

from __future__ import annotations

# The script where the node sees the mailbox, else the copy of it; none came where a pool declares one file system that
# is not one.
FIND = """\
for one in "$0" "$_CONDOR_SCRATCH_DIR/$1"; do [ -r "$one" ] && exec /bin/bash -p "$one"; done; \
echo "kernelkit: the node $HOSTNAME does not see $0, and nothing was carried there"; exit 69"""
# The slot's own daemon listens on the address by which the pool reaches its node.
PREPARE = r"""
  while IFS= read -r one; do
    if [[ $one =~ ^MyAddress\ =\ \"\<([0-9.]+): ]]; then kernelkit_address=${BASH_REMATCH[1]}; fi
  done < <(cat -- "${_CONDOR_MACHINE_AD:-/dev/null}" 2>/dev/null)"""

# A job reads and writes files of the machine where it was handed in through its shadow. What came with it lies in a
# folder that nobody else can enter.
CHANNEL = r"""
kernelkit_carry() {
  env -u CONDOR_CONFIG timeout 20 "$kernelkit_chirp" "$@" >/dev/null 2>&1
}

kernelkit_fetch() {
  kernelkit_carry fetch "$kernelkit_remote/$1" "$kernelkit_box/new" && mv -f -- "$kernelkit_box/new" "$kernelkit_box/$1"
}

kernelkit_send() {
  kernelkit_carry put "${@:1:$#-1}" "$kernelkit_remote/${!#}"
}

kernelkit_arrive() {
  local one sandbox=${_CONDOR_SCRATCH_DIR-}
  [[ -d $sandbox/${kernelkit_box##*/} ]] || return 0
  kernelkit_remote=$kernelkit_box kernelkit_box=$sandbox/${kernelkit_box##*/}
  kernelkit_spec=$sandbox/${kernelkit_spec##*/}
  kernelkit_overlay=${kernelkit_overlay:+$sandbox/${kernelkit_overlay##*/}}
  one=$(env -u CONDOR_CONFIG "${_CONDOR_BIN:-/usr/bin}/condor_config_val" LIBEXEC 2>/dev/null)
  for one in "$one" /usr/libexec/condor; do
    kernelkit_chirp=$one/condor_chirp
    if [[ -x $kernelkit_chirp ]]; then return; fi
  done
  echo "kernelkit: ${HOSTNAME:-this node} has no condor_chirp, and does not see $kernelkit_remote"
  exit 69
}"""

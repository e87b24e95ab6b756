export RELEASE=6.32

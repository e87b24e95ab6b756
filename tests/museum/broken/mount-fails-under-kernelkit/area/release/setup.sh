export RELEASE=1

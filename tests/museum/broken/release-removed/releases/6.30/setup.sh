export RELEASE=6.30

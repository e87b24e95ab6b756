mkdir ipython
ln -s /proc/nowhere ipython/profile_default

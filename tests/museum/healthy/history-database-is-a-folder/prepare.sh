mkdir -p ipython/profile_default/history.sqlite/x

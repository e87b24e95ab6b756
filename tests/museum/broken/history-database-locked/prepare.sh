mkdir -p ipython/profile_default
echo "c.HistoryManager.connection_options = {'timeout': 1000}" >ipython/profile_default/ipython_kernel_config.py

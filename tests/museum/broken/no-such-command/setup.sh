#!/bin/bash
exec no-such-python2 -m ipykernel_launcher "$@"

mv "$PWD" "$PWD.elsewhere"
ln -s "$PWD.elsewhere" "$PWD"

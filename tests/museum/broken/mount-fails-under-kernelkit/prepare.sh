sed "s|HERE|$PWD|g; s|PYTHON|$MUSEUM_PYTHON|g" kernel.toml >definition.toml
"$MUSEUM_PYTHON" -m kernelkit install --from definition.toml --name made --data-dir "$PWD/data"
cp data/kernels/made/* .
rm -r area
ln -s area area

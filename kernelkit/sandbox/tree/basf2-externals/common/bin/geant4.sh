# shellcheck shell=bash
# kernelkit sandbox: sets what Geant4's geant4.sh would set. See SANDBOX.txt.

b2sandbox_geant4="$(cd .. && pwd)/share/Geant4/data"
export G4ENSDFSTATEDATA="$b2sandbox_geant4/G4ENSDFSTATE"
export G4LEDATA="$b2sandbox_geant4/G4EMLOW"
export G4LEVELGAMMADATA="$b2sandbox_geant4/PhotonEvaporation"
unset b2sandbox_geant4

# What the functions share. They lie one per file in Private and Public; hosts get them all in this script, at its end, with
# the public ones exported (module_files in qsm/hosts/wire.py). The bootstraps reach the dispatcher through the module
# object that Import-Module hands them.

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

# How long a changing call waits for another one on the same migration before it is refused as Busy.
$script:QsmLockWaitSeconds = 60
# What the call that runs now is about; Set-QsmRecord reads it. Null outside of a call.
$script:QsmCall = $null
# Where this module lies.
$script:QsmModuleFolder = $PSScriptRoot
# The table of operations, read at the first call.
$script:QsmOperations = $null

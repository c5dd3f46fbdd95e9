# Loads the functions. They are written one per file, in Public and in the rooms of Private; a host gets each room as one
# script (module_files in qsm/hosts/wire.py). Private functions stay inside: the bootstraps reach the dispatcher through
# the module object that Import-Module hands them.

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

# How long a changing call waits for another one on the same migration before it is refused as Busy.
$script:QsmLockWaitSeconds = 60
# What the call that runs now is about; Set-QsmRecord reads it. Null outside of a call.
$script:QsmCall = $null
# Where this module lies.
$script:QsmModuleFolder = $PSScriptRoot
# The sentences of errors by name; Get-QsmText reads them.
$script:QsmTexts = $null
# The operations by name, as the table that the tool and the hosts share has them.
$script:QsmOperations = @{}
# The file that this process holds open, as Hyper-V holds a frozen disk: Open-QsmHeldFile, Close-QsmHeldFile.
$script:QsmHeldFile = $null

foreach ($room in 'Calls', 'Copies', 'Disks', 'Files', 'Hosts', 'Imports', 'Json', 'Machines', 'Merges', 'Records', 'Tasks', 'Public') {
    . (Join-Path -Path $PSScriptRoot -ChildPath "$room.ps1")
}
$script:QsmTexts = ConvertFrom-QsmJson -Text (Get-Content -LiteralPath (Join-Path -Path $PSScriptRoot -ChildPath 'Messages.json') -Raw -Encoding UTF8)
foreach ($row in (ConvertFrom-QsmJson -Text (Get-Content -LiteralPath (Join-Path -Path $PSScriptRoot -ChildPath 'Operations.json') -Raw -Encoding UTF8))) {
    $script:QsmOperations[$row.name] = $row
}
Export-ModuleMember -Function @($script:QsmOperations.Values | ForEach-Object { $_.function })

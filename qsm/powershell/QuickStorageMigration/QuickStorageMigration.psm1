# Loads one function per file. Private functions stay inside: the bootstraps reach the dispatcher through the module
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

foreach ($folder in 'Private', 'Public') {
    $files = @(Get-ChildItem -LiteralPath (Join-Path -Path $PSScriptRoot -ChildPath $folder) |
            Where-Object { $_.Name -like '*.ps1' } | Sort-Object -Property Name)
    foreach ($file in $files) {
        . $file.FullName
        if ($folder -eq 'Public') { Export-ModuleMember -Function $file.BaseName }
    }
}

<#
.SYNOPSIS
Entry of the scheduled tasks that do long work as SYSTEM.

.DESCRIPTION
A task runs with all rights of the computer, so the module is checked before it is imported, as the bootstraps do: owned
by SYSTEM or Administrators, closed to others, and its files have the hash that names its folder. If not, nothing is run,
the script ends with an error, and the poll of the work finds a task that ended without saying how.

.PARAMETER MigrationId
Id of the migration.

.PARAMETER Kind
copy or merge.

.PARAMETER Number
Number of the copy, or index of the disk.

.PARAMETER Module
Hash of the module; without it the one whose folder this script lies in.

.EXAMPLE
powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -File Work.ps1 -MigrationId 20300131T235959-0123abcd -Kind copy -Number 1 -Module 01ab...
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory = $true)]
    [ValidatePattern('\A[0-9]{8}T[0-9]{6}-[0-9a-f]{8}\z')]
    [string]$MigrationId,

    [Parameter(Mandatory = $true)]
    [ValidateSet('copy', 'merge')]
    [string]$Kind,

    [Parameter(Mandatory = $true)]
    [ValidateRange(0, 2147483647)]
    [int]$Number,

    [ValidatePattern('\A[0-9a-f]{64}\z')]
    [string]$Module = (Split-Path -Path (Split-Path -Path $PSScriptRoot -Parent) -Leaf)
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

#part root
#part guard
if (-not (Test-Module -Hash $Module)) { throw "The module in '$folder' is not closed to others, was altered or has a foreign owner: nothing of it runs as SYSTEM." }

$loaded = Import-Module -Name (Join-Path -Path $folder -ChildPath 'QuickStorageMigration.psd1') -PassThru
& $loaded {
    param([string]$MigrationId, [string]$Kind, [int]$Number)
    if ($Kind -eq 'copy') {
        Invoke-QsmCopyWork -MigrationId $MigrationId -Number $Number
    } else {
        Invoke-QsmMergeWork -MigrationId $MigrationId -Number $Number
    }
} $MigrationId $Kind $Number

function Get-QsmLockPath {
    <#
    .SYNOPSIS
    Returns the file whose existence means that a migration has taken a VM.

    .DESCRIPTION
    The id becomes part of a path, so anything that is no GUID is refused (InvalidArgument).

    .PARAMETER VMId
    Id of the VM, with or without braces, any case.

    .OUTPUTS
    System.String

    .EXAMPLE
    Get-QsmLockPath -VMId $VMId
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [AllowEmptyString()]
        [string]$VMId
    )

    $guid = [guid]::Empty
    if (-not [guid]::TryParse($VMId, [ref]$guid)) {
        throw (New-QsmError -Id 'InvalidArgument' -Category 'refused' -Subject $VMId -Text 'no_vm_id' -Value @{ vm_id = $VMId })
    }
    $folder = Join-Path -Path (Get-QsmRoot) -ChildPath 'locks'
    Join-Path -Path $folder -ChildPath "$($guid.ToString('D')).json"
}

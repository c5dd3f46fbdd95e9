function Assert-QsmVMOfRecord {
    <#
    .SYNOPSIS
    Refuses a VM that is not the one the migration is about.

    .DESCRIPTION
    InvalidArgument (refused). Ids are compared without regard to case and braces.

    .PARAMETER Record
    The record of the migration on this host.

    .PARAMETER VMId
    Id of the VM that the caller named.

    .OUTPUTS
    None

    .EXAMPLE
    Assert-QsmVMOfRecord -Record $record -VMId $VMId
    #>
    [CmdletBinding()]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$Record,

        [Parameter(Mandatory = $true)]
        [string]$VMId
    )

    if ($VMId.Trim('{', '}') -eq $Record.vm_id) { return }
    throw (New-QsmError -Id 'InvalidArgument' -Category 'refused' -Subject $VMId -Message (
            "Migration $($Record.migration_id) on $env:COMPUTERNAME is about VM $($Record.vm_id) ('$($Record.vm_name)'), not about $VMId. Nothing was changed."))
}

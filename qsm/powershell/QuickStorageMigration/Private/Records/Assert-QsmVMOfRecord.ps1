function Assert-QsmVMOfRecord {
    <#
    .SYNOPSIS
    Refuses a VM that is not the one the migration is about.

    .DESCRIPTION
    InvalidArgument (refused). A migration is about one VM: whatever names another one is a mistake of the caller, and would
    act on a VM that nobody judged. Checked for every call that names a VM, before its function runs.

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
        [guid]$VMId
    )

    if ($VMId.ToString() -eq $Record.vm_id) { return }
    throw (New-QsmError -Id 'InvalidArgument' -Category 'refused' -Subject $VMId -Text 'another_vm' -Value @{ migration = $Record.migration_id; record_vm_id = $Record.vm_id; vm = $Record.vm_name; vm_id = $VMId })
}

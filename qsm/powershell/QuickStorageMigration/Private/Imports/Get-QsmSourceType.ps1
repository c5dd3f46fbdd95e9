function Get-QsmSourceType {
    <#
    .SYNOPSIS
    Returns of what kind the object is that a finding of Compare-VM is about.

    .DESCRIPTION
    The last part of its type's name: HardDiskDrive, VMNetworkAdapter, DvdDrive, VirtualMachine, ...

    .PARAMETER Source
    The source of the finding.

    .OUTPUTS
    System.String; empty without a source.

    .EXAMPLE
    Get-QsmSourceType -Source $report.Incompatibilities[0].Source
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [AllowNull()]
        [object]$Source
    )

    if ($null -eq $Source) { return '' }
    ([string]@($Source.PSObject.TypeNames)[0] -split '\.')[-1]
}

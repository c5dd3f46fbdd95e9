function Get-QsmDriveSlot {
    <#
    .SYNOPSIS
    Names the place of each drive of a VM, like "SCSI 0:1", so that it is the same on every host.

    .DESCRIPTION
    Of a SCSI controller the cmdlets show its position in a list that nobody sorts: the number may differ between the source, the
    planned and the imported VM. What travels with the configuration is the drive's id, Microsoft:<VM>\<device id of the
    controller>\<number>\<place>\D. So SCSI controllers are numbered here by the order of their device ids, among those that
    hold a disk; of an IDE controller the number in the id is its address. An id of another form is an error.

    .PARAMETER Drive
    All hard disk drives of one VM, as the cmdlets give them.

    .OUTPUTS
    System.Collections.Hashtable: slot by the drive's id.

    .EXAMPLE
    $slots = Get-QsmDriveSlot -Drive @(Get-VMHardDiskDrive -VM $vm); $slots[$drive.Id]
    #>
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [object[]]$Drive
    )

    $ide = '83F8638B-8DCA-4152-9EDA-2CA8B33039B4'
    $places = @(foreach ($one in $Drive) {
            if ([string]$one.Id -notmatch '\AMicrosoft:[^\\]+\\([^\\]+)\\(\d+)\\(\d+)\\[A-Z]\z') {
                throw (New-Object -TypeName System.FormatException -ArgumentList "The drive '$($one.Path)' on $env:COMPUTERNAME has an id of a form that is not known: '$($one.Id)'.")
            }
            [PSCustomObject]@{ id = [string]$one.Id; controller = $Matches[1].ToUpperInvariant(); number = $Matches[2]; place = $Matches[3] }
        })
    [string[]]$controllers = @($places | ForEach-Object { $_.controller } | Where-Object { $_ -ne $ide } | Select-Object -Unique)
    [Array]::Sort($controllers, [StringComparer]::Ordinal)
    $slots = @{}
    foreach ($place in $places) {
        $slots[$place.id] = if ($place.controller -eq $ide) { "IDE $($place.number):$($place.place)" } else { "SCSI $([Array]::IndexOf($controllers, $place.controller)):$($place.place)" }
    }
    $slots
}

function Get-QsmNeededSpace {
    <#
    .SYNOPSIS
    Returns which volume cannot take some files and keep a reserve; nothing if all can.

    .DESCRIPTION
    Lengths are added up per volume. The answer is what NoSpace says.

    .PARAMETER Length
    Length in bytes by full path of the file.

    .PARAMETER ReserveBytes
    Free space that must be left on each volume.

    .OUTPUTS
    System.Management.Automation.PSCustomObject: volume, free_bytes, needed_bytes, of the first volume that is too small.

    .EXAMPLE
    Get-QsmNeededSpace -Length @{ 'D:\VMs\disk.vhdx' = 10GB } -ReserveBytes 1GB
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [System.Collections.IDictionary]$Length,

        [Parameter(Mandatory = $true)]
        [long]$ReserveBytes
    )

    $mounts = @(Get-QsmMountPath)
    $needed = New-Object -TypeName System.Collections.Hashtable -ArgumentList ([StringComparer]::OrdinalIgnoreCase)
    $free = New-Object -TypeName System.Collections.Hashtable -ArgumentList ([StringComparer]::OrdinalIgnoreCase)
    foreach ($path in $Length.Keys) {
        $volume = Get-QsmVolumeFact -Path $path -Mount $mounts
        $free[$volume.root] = $volume.free_bytes
        $needed[$volume.root] = [long]$Length[$path] + $(if ($needed.ContainsKey($volume.root)) { $needed[$volume.root] } else { $ReserveBytes })
    }
    foreach ($root in @($needed.Keys | Sort-Object)) {
        if ($free[$root] -lt $needed[$root]) { return [PSCustomObject]@{ volume = $root; free_bytes = $free[$root]; needed_bytes = $needed[$root] } }
    }
}

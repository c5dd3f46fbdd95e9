function Assert-QsmReserve {
    <#
    .SYNOPSIS
    Ends a copy before it fills the destination volume.

    .DESCRIPTION
    NoSpace (failed, since files are coming) as soon as a volume of the destinations has less free than the reserve.

    .PARAMETER File
    The files of the request.

    .PARAMETER ReserveBytes
    Free space to keep.

    .OUTPUTS
    None

    .EXAMPLE
    Assert-QsmReserve -File $request.files -ReserveBytes $request.reserve_bytes
    #>
    [CmdletBinding()]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [object[]]$File,

        [Parameter(Mandatory = $true)]
        [long]$ReserveBytes
    )

    foreach ($volume in @(Get-QsmVolumeFact -Path @($File | ForEach-Object { $_.destination }))) {
        if ($volume.free_bytes -ge $ReserveBytes) { continue }
        throw (New-QsmError -Id 'NoSpace' -Category failed -Subject $volume.root -Facts @{ volume = $volume.root; free_bytes = $volume.free_bytes; needed_bytes = $ReserveBytes } -Text 'reserve_used' -Value @{ volume = $volume.root; free_bytes = $volume.free_bytes; reserve_bytes = $ReserveBytes })
    }
}

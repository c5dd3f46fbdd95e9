function Assert-QsmFrozenDisk {
    <#
    .SYNOPSIS
    Refuses to go on if a frozen disk file is not as it was.

    .DESCRIPTION
    Length, time and content identity must be equal, or the copies that were made of it are worth nothing: WorldChanged
    (refused). A file that cannot be read now counts as changed.

    .PARAMETER Disk
    The files with the facts they must have.

    .PARAMETER Act
    What was to be done, for the message.

    .OUTPUTS
    None

    .EXAMPLE
    Assert-QsmFrozenDisk -Disk $expectedBases -Act 'save the VM'
    #>
    [CmdletBinding()]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [object[]]$Disk,

        [Parameter(Mandatory = $true)]
        [string]$Act
    )

    foreach ($old in $Disk) {
        $expected = "$($old.length_bytes) bytes, time $($old.last_write_ticks), identity $($old.content_identity)"
        $identity = ''
        try {
            $now = Get-QsmFileFact -Path $old.path
            if ($null -ne $now) { $identity = Get-QsmContentIdentity -Path $old.path -Format $old.format }
            $found = if ($null -eq $now) { Get-QsmText -Name 'no_file' } else { "$($now.length_bytes) bytes, time $($now.last_write_ticks), identity $identity" }
        } catch {
            $found = Get-QsmText -Name 'not_readable' -Value @{ cause = Get-QsmCause -ErrorRecord $_ }
        }
        if ($identity -ne '' -and $found -eq $expected) { continue }
        throw (New-QsmError -Id 'WorldChanged' -Category refused -Subject $old.path -Facts @{ found = @{ $old.path = $found }; expected = @{ $old.path = $expected } } -Text 'frozen_disk_changed' -Value @{ path = $old.path; found = $found; expected = $expected; act = $Act })
    }
}

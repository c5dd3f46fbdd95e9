function Read-QsmJson {
    <#
    .SYNOPSIS
    Reads a JSON file of ours; null if there is none.

    .DESCRIPTION
    Questions read without a lock, while a writer may just be replacing the file. The replacement of Windows leaves a moment
    without the name, and a reader may meet an open file: so both are tried again for a while, the first only if the
    writer's new file lies beside. A file that is no JSON is an error (HostFailed): it is never taken for an absent one.

    .PARAMETER Path
    Full path of the file.

    .OUTPUTS
    System.Management.Automation.PSCustomObject

    .EXAMPLE
    Read-QsmJson -Path (Join-Path -Path (Get-QsmMigrationFolder -MigrationId $MigrationId) -ChildPath 'record.json')
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Path
    )

    $tries = 0
    while ($true) {
        $tries++
        try {
            $text = Get-Content -LiteralPath $Path -Raw -Encoding UTF8
            break
        } catch [System.Management.Automation.ItemNotFoundException] {
            if ($tries -gt 10 -or -not (Test-Path -Path "$([WildcardPattern]::Escape($Path)).*.new")) { return }
        } catch [System.IO.IOException] {
            if ($tries -gt 100) { throw }
        }
        Start-Sleep -Milliseconds 50
    }
    try {
        $value = ConvertFrom-QsmJson -Text ([string]$text)
    } catch {
        $value = $null
    }
    if ($null -eq $value) {
        throw (New-QsmError -Id 'HostFailed' -Category 'refused' -Subject $Path -Text 'file_damaged' -Value @{ path = $Path })
    }
    $value
}

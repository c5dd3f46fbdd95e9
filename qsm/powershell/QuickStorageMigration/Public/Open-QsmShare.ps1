function Open-QsmShare {
    <#
    .SYNOPSIS
    Opens a temporary share from which the target may read some files, and nobody else anything.

    .DESCRIPTION
    The share qsm-<migration>-<number>$ on the folder grants Read to the account alone, is not cached and is gone after a
    restart. Each file gets a read entry for the account, unless it has one already: such an entry is left alone later.
    What is there already is kept. What is to be granted is noted before, and a file that can be read only when it can:
    questions that are asked meanwhile about other files of the share judge nothing half done. AccountUnknown and ShareFailed (refused) come before anything is changed: the account
    cannot be resolved, a file has other entries for it, a file is not there or not below the folder, or a share of that
    name shows something else.

    .PARAMETER Number
    Number of the share; the caller counts.

    .PARAMETER Folder
    Folder to share.

    .PARAMETER Files
    Full paths of the files below it.

    .PARAMETER Account
    DOMAIN\NAME$ of the target.

    .PARAMETER MigrationId
    Id of the migration.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of OpenShareResult.

    .EXAMPLE
    Open-QsmShare -Number 1 -Folder 'D:\VMs' -Files 'D:\VMs\disk.vhdx' -Account 'CONTOSO\HV02$' -MigrationId $MigrationId -Confirm:$false
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateRange(0, 1000000)]
        [int]$Number,

        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Folder,

        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [string[]]$Files,

        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Account,

        [Parameter(Mandatory = $true)]
        [string]$MigrationId
    )

    $name = "qsm-$MigrationId-$Number$"
    $sid = Resolve-QsmSid -Account $Account
    if ($null -eq $sid) {
        throw (New-QsmError -Id 'AccountUnknown' -Category refused -Subject $Account -Facts @{ account = $Account } -Text 'account_unknown' -Value @{ account = $Account })
    }
    $notePath = Get-QsmSharePath -MigrationId $MigrationId -Number $Number
    $note = Read-QsmJson -Path $notePath
    $known = @(if ($null -ne $note) { $note.grants })
    $missing = @(Get-QsmMissingGrant -Folder $Folder -File $Files -Sid $sid -Known $known)
    $share = Get-QsmShare -Name $name
    if ($null -ne $share -and -not (Test-QsmSameText -Text $share.Path.TrimEnd('\') -Other $Folder.TrimEnd('\'))) {
        throw (New-QsmError -Id 'ShareFailed' -Category refused -Subject $name -Facts @{ share = $name; path = $share.Path } -Text 'share_exists' -Value @{ name = $name; path = $share.Path; folder = $Folder })
    }
    if (-not $PSCmdlet.ShouldProcess($name, "Share '$Folder' with $Account")) { return }

    try {
        $notes = Split-Path -Path $notePath -Parent
        if (-not (Test-Path -LiteralPath $notes)) { [void](New-Item -ItemType Directory -Path $notes -ErrorAction Stop) }
        $readable = @(if ($null -ne $note) { $note.files })
        $content = [ordered]@{ number = $Number; name = $name; folder = $Folder; account = $Account; sid = $sid; files = $readable; grants = @(@($known) + @($missing) | Select-Object -Unique) }
        Write-QsmJson -Path $notePath -Value $content
        foreach ($path in $missing) { Set-QsmFileAccess -Path $path -Sid $sid -Right Read -Confirm:$false }
        if ($null -eq $share) { [void](New-SmbShare -Name $name -Path $Folder -ReadAccess $Account -CachingMode None -Temporary -ErrorAction Stop) }
        Assert-QsmShare -Name $name -Sid $sid -File $Files
        $content.files = @(@($readable) + @($Files) | Select-Object -Unique)
        Write-QsmJson -Path $notePath -Value $content
    } catch {
        throw (ConvertTo-QsmFailure -Cause $_ -Id 'ShareFailed' -Subject $name -Text 'share_failed' -Value @{ name = $name; folder = $Folder; account = $Account })
    }
    [PSCustomObject]@{ share = [PSCustomObject][ordered]@{ name = $name; path = $Folder; files = @($Files) } }
}

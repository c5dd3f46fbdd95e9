function New-QsmImportError {
    <#
    .SYNOPSIS
    Makes the refusal to import a planned VM, with all findings.

    .DESCRIPTION
    ImportIncompatible, refused, with the fact findings.

    .PARAMETER VMId
    Id of the VM.

    .PARAMETER Finding
    Findings: id, kind of source, text.

    .OUTPUTS
    System.Management.Automation.ErrorRecord

    .EXAMPLE
    throw (New-QsmImportError -VMId $VMId -Finding $findings)
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    [CmdletBinding()]
    [OutputType([System.Management.Automation.ErrorRecord])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [Parameter(Mandatory = $true)]
        [object[]]$Finding
    )

    $told = @($Finding | ForEach-Object { Get-QsmText -Name 'finding' -Value @{ text = $_.text; id = $_.id; source = $_.source } }) -join '; '
    New-QsmError -Id 'ImportIncompatible' -Category refused -Subject "$VMId" -Facts @{ findings = $Finding } -Text 'import_incompatible' -Value @{ vm_id = $VMId; findings = $told }
}

function Assert-QsmCall {
    <#
    .SYNOPSIS
    Refuses a line that is not a call as the tool writes it.

    .DESCRIPTION
    A field that is missing or unknown comes from another version of the tool, or is no call at all.

    .PARAMETER Call
    The line, read as JSON.

    .OUTPUTS
    None

    .EXAMPLE
    Assert-QsmCall -Call (ConvertFrom-QsmJson -Text $Line)
    #>
    [CmdletBinding()]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$Call
    )

    $fields = @('call', 'module', 'operation', 'migration_id', 'subject', 'revision', 'wait_seconds', 'arguments')
    $given = @($Call.PSObject.Properties | ForEach-Object { $_.Name })
    $wrong = @($fields | Where-Object { $given -cnotcontains $_ }) + @($given | Where-Object { $fields -cnotcontains $_ })
    if ($wrong.Count -gt 0) {
        throw (New-QsmError -Id 'InvalidArgument' -Category 'refused' -Facts @{ argument = $wrong[0] } -Text 'no_call' -Value @{ fields = $wrong -join ', ' })
    }
}

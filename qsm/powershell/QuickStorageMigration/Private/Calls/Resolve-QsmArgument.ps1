function Resolve-QsmArgument {
    <#
    .SYNOPSIS
    Turns the arguments of a call into parameters of the operation's function, and checks them.

    .DESCRIPTION
    vm_id becomes -VMId: underscores are dropped, case is ignored. A function that has -MigrationId or -WaitSeconds gets
    those of the call, unless they are among the arguments. To check values before the journal knows of the call, the
    function's parameter block is bound once with an empty body. Anything that does not fit is refused: InvalidArgument.

    .PARAMETER Row
    The operation, as the table has it.

    .PARAMETER Call
    The call.

    .OUTPUTS
    System.Collections.Hashtable, for splatting.

    .EXAMPLE
    $parameters = Resolve-QsmArgument -Row $row -Call $call
    #>
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$Row,

        [Parameter(Mandatory = $true)]
        [object]$Call
    )

    $command = Get-Command -Name $Row.function -CommandType Function
    $block = $command.ScriptBlock.Ast.Body.ParamBlock
    $known = @($block.Parameters | ForEach-Object { $_.Name.VariablePath.UserPath })
    $parameters = @{}
    foreach ($argument in $Call.arguments.PSObject.Properties) {
        $name = $argument.Name.Replace('_', '')
        if ($known -notcontains $name -or $parameters.ContainsKey($name)) {
            throw (New-QsmError -Id 'InvalidArgument' -Category 'refused' -Facts @{ argument = $argument.Name } -Text 'argument_unknown' -Value @{ operation = $Row.name; argument = $argument.Name })
        }
        $parameters[$name] = $argument.Value
    }
    if ($known -contains 'MigrationId' -and -not $parameters.ContainsKey('MigrationId')) { $parameters['MigrationId'] = [string]$Call.migration_id }
    if ($known -contains 'WaitSeconds' -and -not $parameters.ContainsKey('WaitSeconds')) { $parameters['WaitSeconds'] = $Call.wait_seconds }

    foreach ($name in $known) {
        $mandatory = @($command.Parameters[$name].Attributes | Where-Object { $_ -is [Parameter] -and $_.Mandatory }).Count -gt 0
        if ($mandatory -and -not $parameters.ContainsKey($name)) {
            throw (New-QsmError -Id 'InvalidArgument' -Category 'refused' -Facts @{ argument = $name } -Text 'argument_missing' -Value @{ operation = $Row.name; argument = $name })
        }
    }
    try {
        [void](& ([scriptblock]::Create("[CmdletBinding()] $($block.Extent.Text)")) @parameters)
    } catch [System.Management.Automation.ParameterBindingException] {
        throw (New-QsmError -Id 'InvalidArgument' -Category 'refused' -Facts @{ argument = [string]$_.Exception.ParameterName } -Text 'argument_does_not_fit' -Value @{ operation = $Row.name; cause = Get-QsmCause -ErrorRecord $_ })
    }
    if ($command.Parameters.ContainsKey('Confirm')) { $parameters['Confirm'] = $false }
    $parameters
}

function Get-QsmCrc32C {
    <#
    .SYNOPSIS
    Computes the CRC-32C (Castagnoli) of some bytes, as VHDX files carry it.

    .DESCRIPTION
    [MS-VHDX] 2.2.2 protects each header by this sum. Neither .NET Framework nor a cmdlet has it. Takes about a tenth of a
    second for a header.

    .PARAMETER Bytes
    The bytes.

    .OUTPUTS
    System.Int64

    .EXAMPLE
    Get-QsmCrc32C -Bytes $header
    #>
    [CmdletBinding()]
    [OutputType([long])]
    param(
        [Parameter(Mandatory = $true)]
        [byte[]]$Bytes
    )

    $table = Get-Variable -Name 'QsmCrc32CTable' -Scope Script -ValueOnly -ErrorAction SilentlyContinue
    if ($null -eq $table) {
        $table = [long[]]@(for ($index = 0; $index -lt 256; $index++) {
                [long]$value = $index
                # 0x82F63B78, written so that PowerShell does not read a negative Int32.
                for ($bit = 0; $bit -lt 8; $bit++) { if ($value -band 1) { $value = ($value -shr 1) -bxor 2197175160L } else { $value = $value -shr 1 } }
                $value
            })
        $script:QsmCrc32CTable = $table
    }
    [long]$sum = 4294967295L
    foreach ($byte in $Bytes) { $sum = ($sum -shr 8) -bxor $table[($sum -bxor $byte) -band 255] }
    $sum -bxor 4294967295L
}

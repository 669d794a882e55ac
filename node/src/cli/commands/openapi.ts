import type { Command } from 'commander'
import type { Cli } from '../cli.ts'

export function openapiCommand(cli: Cli): Command {
  return cli
    .command('openapi', {
      summary: 'print the control interface as an OpenAPI document',
      description:
        'Prints the control interface, which agents and operators of this host use, as an OpenAPI 3.1 document. A running node serves the same at GET /control/v1/openapi.json.',
      examples: ['hansa openapi > control.json', 'hansa openapi | jq ".paths | keys"'],
    })
    .action(
      cli.action(async ({ print }) => {
        const { controlOpenApi } = await import('@hansa/protocols')
        const document = controlOpenApi()
        print.result(document, () => JSON.stringify(document, null, 2))
        return undefined
      }),
    )
}

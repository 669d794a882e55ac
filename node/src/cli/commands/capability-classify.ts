import { userInfo } from 'node:os'
import { type Safety, safetyClasses } from '@hansa/protocols'
import { type Command, Option } from 'commander'
import { accountPerson } from '../account-person.ts'
import type { Cli } from '../cli.ts'
import { collect } from '../options.ts'
import { detailText } from './capability-show.ts'

type Options = { safety: Safety; sensitivity?: string[]; obligation?: string[]; digest?: string; as?: string }

export function capabilityClassifyCommand(cli: Cli): Command {
  return cli
    .command('classify', {
      summary: 'say what a tool, prompt or the resources of an MCP server, or a skill of an agent, may do',
      description:
        'Gives a tool, a prompt (ID.prompts.NAME) or the resources (ID.mcp.resources) of an MCP server, or a skill of an A2A agent, a class, in hansa.yaml and in the running node at once. The class holds for it as the server describes it now: when its description, schemas, arguments, templates or annotations change, it is suspended until it is classified again. Look at it before, with: hansa capability show ID',
      examples: [
        'hansa capability classify files.read_text_file --safety READ',
        'hansa capability classify docs.mcp.resources --safety READ',
        'hansa capability classify crm.customers --safety READ --sensitivity PII --obligation redact:PII',
        'hansa capability classify files.write_file --safety WRITE --obligation human_approval --as person:ana',
      ],
    })
    .argument('<capability>', 'as shown by: hansa capability list')
    .addOption(
      new Option('--safety <class>', 'READ, WRITE or DESTRUCTIVE').choices(safetyClasses).makeOptionMandatory(),
    )
    .option('--sensitivity <label>', 'a label that every result carries, such as PII; can be repeated', collect)
    .option('--obligation <obligation>', 'what is done with every result; can be repeated', collect)
    .option('--digest <digest>', 'what was looked at, as shown by: hansa capability show (default: what is listed now)')
    .option('--as <person>', 'who classifies, as person:NAME (default: person: and the name of the account)')
    .action(
      cli.action<Options>(async ({ home, print, options, args: [capability] }) => {
        const { ask } = await import('../control-client.ts')
        const { safety, sensitivity, obligation: obligations, digest } = options
        const by = options.as ?? accountPerson(userInfo().username)
        // What is undefined is left out when it becomes JSON.
        const detail = await ask(home, 'classify', { capability, safety, sensitivity, obligations, digest, by })
        print.result(detail, (style) => detailText(style, detail))
        return undefined
      }),
    )
}

import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { capabilityListCommand } from './capabilities.ts'
import { capabilityAddCommand } from './capability-add.ts'
import { capabilityClassifyCommand } from './capability-classify.ts'
import { capabilityRemoveCommand } from './capability-remove.ts'
import { capabilityShowCommand } from './capability-show.ts'

export function capabilityCommand(cli: Cli): Command {
  return cli.group('capability', 'offer capabilities, and classify them', [
    capabilityAddCommand(cli),
    capabilityClassifyCommand(cli),
    capabilityListCommand(cli),
    capabilityRemoveCommand(cli),
    capabilityShowCommand(cli),
  ])
}

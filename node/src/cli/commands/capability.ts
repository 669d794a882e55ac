import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { capabilityListCommand } from './capabilities.ts'
import { capabilityAddCommand } from './capability-add.ts'
import { capabilityAuthCommand } from './capability-auth.ts'
import { capabilityClassifyCommand } from './capability-classify.ts'
import { capabilityLoginCommand } from './capability-login.ts'
import { capabilityRemoveCommand } from './capability-remove.ts'
import { capabilityShowCommand } from './capability-show.ts'

export function capabilityCommand(cli: Cli): Command {
  return cli.group('capability', 'offer capabilities, and classify them', [
    capabilityAddCommand(cli),
    capabilityAuthCommand(cli),
    capabilityClassifyCommand(cli),
    capabilityListCommand(cli),
    capabilityLoginCommand(cli),
    capabilityRemoveCommand(cli),
    capabilityShowCommand(cli),
  ])
}

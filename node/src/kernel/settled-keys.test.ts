import { describeSettledKeys } from '../testing/describe-settled-keys.ts'
import { memorySettledKeys } from './settled-keys.ts'

describeSettledKeys('in memory', async () => memorySettledKeys())

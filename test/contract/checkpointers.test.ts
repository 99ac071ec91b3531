import { STORES } from '../support/stores.ts'
import { runCheckpointerContract } from './checkpointer-contract.ts'

for (const [name, open] of Object.entries(STORES)) runCheckpointerContract(name, open)

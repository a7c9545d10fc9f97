// Where returning memory to the kernel meets platform/.

export {
  findReturnMemory,
  readAnonymousMemory,
  type ReturnMemory,
} from "../../platform/returned_memory.ts";

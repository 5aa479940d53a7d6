import type { UseFormReturnType } from "@mantine/form";

import type { Values } from "./values";

/** The form that the parts of the screen share. */
export type CreateForm = UseFormReturnType<Values>;

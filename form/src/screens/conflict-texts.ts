// Importing this file makes the texts of this part known.
import { include } from '../language/language.svelte';
import { viConflict } from '../messages/vi-conflict';

include(viConflict);

// Importing this file registers the texts of this part.
import { include } from '../language/language.svelte';
import { viConflict } from '../messages/vi-conflict';

include(viConflict);

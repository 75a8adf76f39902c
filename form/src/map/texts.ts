// Importing this file makes the texts of this part known.
import { include } from '../language/language.svelte';
import { viMap } from '../messages/vi-map';

include(viMap);

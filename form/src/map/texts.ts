// Importing this file registers the texts of this part.
import { include } from '../language/language.svelte';
import { viMap } from '../messages/vi-map';

include(viMap);

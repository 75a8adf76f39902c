// Importing this file makes the texts of this part known.
import { include } from '../language/language.svelte';
import { viPhone } from '../messages/vi-phone';

include(viPhone);

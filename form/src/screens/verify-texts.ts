// Importing this file makes the texts of this part known.
import { include } from '../language/language.svelte';
import { viVerify } from '../messages/vi-verify';

include(viVerify);

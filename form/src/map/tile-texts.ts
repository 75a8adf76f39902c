// Importing this file makes the texts of this part known.
import { include } from '../language/language.svelte';
import { viTiles } from '../messages/vi-tiles';

include(viTiles);

// Importing this file registers the texts of this part.
import { include } from '../language/language.svelte';
import { viTiles } from '../messages/vi-tiles';

include(viTiles);

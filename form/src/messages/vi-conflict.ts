// Câu chữ của màn hình hai bản, bằng tiếng Việt; chỉ tải khi mở màn hình ấy.
export const viConflict = {
  'conflict.title': 'Có hai bản của hộ này',
  'conflict.help': 'Trong lúc bạn sửa, người khác cũng đã sửa chính những mục này. Chọn từng mục: giữ bản của tôi hay lấy bản trong sổ. Những mục chỉ một người sửa đã được gộp.',
  'conflict.helpAll': 'Trong lúc bạn sửa, người khác cũng đã sửa. Chọn từng mục: giữ bản của tôi hay lấy bản trong sổ.',
  'conflict.mine': 'Của tôi',
  'conflict.theirs': 'Trong sổ',
  'conflict.empty': '(trống)',
  'conflict.send': 'Gửi bản đã chọn',
  'conflict.allTheirs': 'Bỏ bản của tôi',
  'conflict.sureTheirs': 'Bỏ hết phần sửa của tôi và giữ bản trong sổ?',
  'conflict.same': 'Hai bản không khác nhau.',
} as const;
